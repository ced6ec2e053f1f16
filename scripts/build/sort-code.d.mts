/** A module's sorted form, deflated. */
export declare function sortCode(module: Uint8Array): Promise<Uint8Array>;
