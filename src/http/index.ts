export { send, sendError, sendJson } from './answers.js';
export { mediaType, parsedJson, readBody, readJson, utf8 } from './body.js';
export { isLoopback, newToken, OWN_HEADER, sameToken } from './guards.js';
export { DATA_POLICY, strictHeaders } from './headers.js';
export { HttpError } from './http-error.js';
export { Room } from './room.js';
export type { Exchange, Handler, Route } from './routes.js';
export { HttpServer, type ServerSettings } from './server.js';
