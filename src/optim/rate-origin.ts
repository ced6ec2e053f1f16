/** The schedule that gave a group a rate which no optimizer takes, and the rate. */
const origins = new WeakMap<object, { readonly rate: number; readonly by: string }>();

/** Notes who gave a group its rate. */
export function noteRate(group: object, rate: number, by: string): void {
  origins.set(group, { rate, by });
}

/** Who gave a group the rate it has, to go into an error; '' where nobody said so. */
export function rateOrigin(group: { readonly lr: number }): string {
  const origin = origins.get(group);
  return origin?.rate === group.lr ? ` (made by ${origin.by})` : '';
}
