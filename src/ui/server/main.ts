/** The program of the thread that serves the page. */
export {};
