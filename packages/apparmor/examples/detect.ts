// needs: linux
/** Says what this machine has of AppArmor, and shows the profile that its containers would get. */
import { confinementOf, defaultProfile, detect } from '@ns/apparmor';

const support = detect();
if (support.isAvailable) {
  console.log(`mode ${support.mode}, parser ${support.parser ?? 'not installed'}`);
  console.log(`this process: ${confinementOf('self')?.profile}`);
  console.log(defaultProfile({ name: 'my-default', features: support.features }));
} else {
  console.log(`${support.reason}: containers run without a profile. ${support.hint}`);
}
