import { type DriverFactory, explainContainer, nativeDriver } from '@ns/execdriver';
import { NsError } from '@ns/errors';

/** An execution driver that the daemon can be started with. */
export interface KnownDriver {
  readonly name: string;
  readonly factory: DriverFactory;
  readonly explainer?: typeof explainContainer;
}

const KNOWN: readonly KnownDriver[] = [
  { name: 'native', factory: nativeDriver, explainer: explainContainer },
];

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that is not known. */
export function findDriver(name: string): KnownDriver {
  const found = KNOWN.find((driver) => driver.name === name);
  if (found) return found;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: '--exec-driver',
    message: `unknown exec driver ${name}`,
    hint: `The drivers are: ${KNOWN.map((driver) => driver.name).join(', ')}.`,
  });
}
