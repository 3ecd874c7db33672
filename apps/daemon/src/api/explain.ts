import type { ExplainResponse } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import { driverOf } from '../engine/driver-of.js';
import { planContainer } from '../engine/create.js';
import { checkCreateRequest } from '../engine/create-schema.js';
import { prepareSpec } from '../engine/launch.js';
import { createRoot, removeRoot } from '../engine/root.js';
import { badParameter, json, readJson, type Reply } from '../http/message.js';
import type { Route } from '../http/router.js';
import type { ApiContext } from './context.js';

/** The program that would start a container: an extension of ns. */
export const explainRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/ns/explain',
    async ({ body, query }): Promise<Reply> => {
      const format = query.text('format') || 'text';
      if (format !== 'text' && format !== 'json') throw badParameter('format', format, 'text or json');
      const { text, answer } = await explain(context, await readJson(body));
      return format === 'json' ? json(answer) : { kind: 'text', status: 200, text };
    },
  ],
];

async function explain(
  context: ApiContext,
  body: unknown,
): Promise<{ text: string; answer: ExplainResponse }> {
  const { engine } = context;
  const { container, warnings } = await planContainer(engine, checkCreateRequest(body), 'explained');
  const { explainer } = context;
  const { info } = driverOf(container);
  if (explainer === undefined || info.name !== 'native') {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'explain',
      message: `driver ${info.name} starts containers without a syscall program`,
      hint: 'Say --runtime native.',
    });
  }
  try {
    // The program names descriptors and files of the real thing; it is made, looked at, and removed.
    await createRoot(engine, container.record);
    const { text, steps } = explainer(await prepareSpec(engine, container));
    const calls = steps.filter((step) => step.syscall !== null);
    const Steps = calls.map(({ what, syscall, args, group }, index) => ({
      number: index + 1,
      ...(group[0] === undefined ? {} : { process: group[0] }),
      what,
      call: `${syscall}(${args.join(', ')})`,
    }));
    return { text, answer: { Steps, Warnings: [...warnings] } };
  } finally {
    await removeRoot(engine, container.record);
    await engine.records.remove(container.id);
  }
}
