export * from './uapi/index.js';
export * from './program/index.js';
