export * from './uapi/index.js';
export * from './program/index.js';
export * from './host/index.js';
