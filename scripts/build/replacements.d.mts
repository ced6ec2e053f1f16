export declare const REPLACEMENTS: Readonly<Record<string, string>>;
export declare const forBrowsers: import('esbuild').Plugin;
export declare function replacementOf(file: string): string | undefined;
