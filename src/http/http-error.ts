/** A request that is refused: the status, and what is told as `{ "error": … }`. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status - 400 to 599.
   * @param message - What is wrong and what was expected, without anything secret: whoever asked reads it.
   */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}
