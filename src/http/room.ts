import { HttpError } from './http-error.js';

/** Memory for the bodies of all requests together, so that many large ones at once do not use up what there is. */
export class Room {
  readonly #most: number;
  #taken = 0;

  /** @param most - Bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** @throws {HttpError} 503 if there is not so much left. */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#most) {
      throw new HttpError(503, 'the server is busy (large requests), ask again in a second', { 'Retry-After': '1' });
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
