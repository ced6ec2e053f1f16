// What the reader and the writer of zip files share: signatures, and lengths in bytes without names, extra fields and
// comments (PKWARE's APPNOTE.TXT, section 4.3).

/** The header before the content of an entry. */
export const LOCAL = 0x04034b50;
export const LOCAL_LENGTH = 30;

/** The record of an entry in the directory. */
export const RECORD = 0x02014b50;
export const RECORD_LENGTH = 46;

/** The end of the directory. */
export const END = 0x06054b50;
export const END_LENGTH = 22;
