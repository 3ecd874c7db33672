import { describe, expect, it } from 'vitest';

import { EVENT_FILTERS, EventBus, isWanted } from './events.js';
import { Filters } from './filters.js';

const filters = (value: object): Filters => Filters.parse(JSON.stringify(value), EVENT_FILTERS);

function oneEvent(action = 'die'): ReturnType<EventBus['since']>[number] {
  const bus = new EventBus();
  bus.publish('container', action, 'abc123', { image: 'busybox:1', name: 'web', tier: 'front' });
  return bus.since(0n)[0]!;
}

describe('EventBus', () => {
  it('has the members that clients before 1.22 read', () => {
    expect(oneEvent()).toMatchObject({
      status: 'die',
      id: 'abc123',
      from: 'busybox:1',
      Type: 'container',
      Action: 'die',
      Actor: { ID: 'abc123', Attributes: { name: 'web' } },
      scope: 'local',
    });
  });

  it('remembers the last 256, and tells listeners', () => {
    const bus = new EventBus();
    const heard: string[] = [];
    const stop = bus.listen((event) => heard.push(event.Actor.ID));
    for (let i = 0; i < 300; i += 1) bus.publish('image', 'tag', String(i), {});
    stop();
    bus.publish('image', 'tag', 'unheard', {});
    expect(heard).toHaveLength(300);
    expect(bus.since(0n)).toHaveLength(256);
    expect(bus.since(0n).at(-1)?.Actor.ID).toBe('unheard');
    expect(bus.listeners).toBe(0);
  });
});

describe('filters of events', () => {
  it.each([
    [{ type: ['container'] }, true],
    [{ type: ['image'] }, false],
    [{ event: ['die', 'start'] }, true],
    [{ container: ['web'] }, true],
    [{ container: ['abc'] }, true],
    [{ container: ['other'] }, false],
    [{ image: ['busybox'] }, true],
    [{ image: ['alpine'] }, false],
    [{ label: ['tier'] }, true],
    [{ label: ['tier=front', 'image=busybox:1'] }, true],
    [{ label: ['tier=back'] }, false],
    [{ type: ['container'], event: ['start'] }, false],
  ])('%j', (given, expected) => {
    expect(isWanted(oneEvent(), filters(given))).toBe(expected);
  });

  it('ask for a command by its action alone', () => {
    expect(isWanted(oneEvent('exec_create: sh -c date'), filters({ event: ['exec_create'] }))).toBe(true);
  });
});

describe('Filters', () => {
  it('reads both forms', () => {
    expect(filters({ type: { image: true } }).get('type')).toEqual(['image']);
    expect(filters({ type: ['image'] }).get('type')).toEqual(['image']);
    expect(Filters.parse(null, []).has('type')).toBe(false);
  });

  it.each([
    ['{"colour":["red"]}', "filters: invalid filter 'colour'"],
    ['{"type":"image"}', "filters: filter 'type' is malformed"],
    ['{"type":[1]}', "filters: filter 'type' is malformed"],
    ['[1]', "filters: '[1]' is not a JSON object"],
    ['nonsense', "filters: 'nonsense' is not a JSON object"],
  ])('refuses %s', (text, message) => {
    expect(() => Filters.parse(text, ['type'])).toThrow(message);
  });
});
