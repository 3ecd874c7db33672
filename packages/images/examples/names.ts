/** Reads names of images and Dockerfile instructions as Docker does. Needs neither root nor Linux. */
import { applyChanges, familiarTag, fullName, parseReference } from '@ns/images';

for (const text of ['busybox', 'quay.io/podman/hello:1', 'localhost:5000/app']) {
  const reference = parseReference(text);
  console.log(`${text}: ${fullName(reference)}, or ${familiarTag(reference)}`);
}

try {
  parseReference('Busybox');
} catch (error) {
  console.log((error as Error).message);
}

console.log(
  applyChanges(['ENV DIR=/srv', 'WORKDIR $DIR/app', 'EXPOSE 80 8000-8001/udp', 'CMD exec ./server']),
);
