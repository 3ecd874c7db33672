import type { Route } from '../http/router.js';
import { attachRoutes } from './attach.js';
import { checkpointRoutes } from './checkpoints.js';
import { containerRoutes } from './containers.js';
import { eventRoutes } from './events.js';
import { execRoutes } from './exec.js';
import { explainRoutes } from './explain.js';
import { imageRoutes } from './images.js';
import { lifecycleRoutes } from './lifecycle.js';
import { logRoutes } from './logs.js';
import { networkRoutes } from './networks.js';
import { notYetRoutes } from './not-yet.js';
import type { ApiContext } from './context.js';
import { resourceRoutes } from './resources.js';
import { systemRoutes } from './system.js';

/** The whole routing table. */
export const routes = (context: ApiContext): Route[] => [
  ...systemRoutes(context),
  ...eventRoutes(context),
  ...containerRoutes(context),
  ...lifecycleRoutes(context),
  ...checkpointRoutes(context),
  ...resourceRoutes(context),
  ...attachRoutes(context),
  ...logRoutes(context),
  ...execRoutes(context),
  ...imageRoutes(context),
  ...explainRoutes(context),
  ...networkRoutes(context),
  ...notYetRoutes(),
];
