import { deviceState, parseDeviceList, ruleText, type DeviceState } from '../devices.js';
import type { ControlWrite, Planner } from '../plan.js';

/** `devices.allow` and `devices.deny`. See devices.rst. */
export const devices: Planner = ({ devices: rules = [] }, { current }) => {
  const wanted = deviceState(rules);
  const had = current?.deviceList === undefined ? undefined : parseDeviceList(current.deviceList);
  // From one allow-list to another only the difference is written: no moment at which /dev/null is denied.
  return had !== undefined && !had.allowsAll && !wanted.allowsAll ? change(had, wanted) : whole(wanted);
};

const write = (verb: 'allow' | 'deny', value: string): ControlWrite => ({
  controller: 'devices',
  file: `devices.${verb}`,
  value,
});

function whole({ allowsAll, exceptions }: DeviceState): ControlWrite[] {
  return [
    write(allowsAll ? 'allow' : 'deny', 'a'),
    ...[...exceptions.values()].map((rule) => write(allowsAll ? 'deny' : 'allow', ruleText(rule))),
  ];
}

function change(had: DeviceState, wanted: DeviceState): ControlWrite[] {
  const allow = [...wanted.exceptions].flatMap(([key, rule]) => {
    const missing = rule.access & ~(had.exceptions.get(key)?.access ?? 0);
    return missing === 0 ? [] : [write('allow', ruleText({ ...rule, access: missing }))];
  });
  const deny = [...had.exceptions].flatMap(([key, rule]) => {
    const surplus = rule.access & ~(wanted.exceptions.get(key)?.access ?? 0);
    return surplus === 0 ? [] : [write('deny', ruleText({ ...rule, access: surplus }))];
  });
  return [...allow, ...deny];
}
