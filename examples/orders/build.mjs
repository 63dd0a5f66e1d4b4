import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

// Files of earlier builds would be packed as well.
await rm('dist', { recursive: true, force: true })

// Each function by itself: what it imports when it is needed is a file of its own, called by a hash of its content.
for (const name of ['orders', 'clock'])
  await build({
    entryPoints: [`src/handlers/${name}.ts`],
    outdir: `dist/${name}`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The runtime of Lambda has the AWS SDK. The others are for Avro and Protobuf, and are not installed.
    external: ['@aws-sdk/*', 'avsc', 'protobufjs'],
    // Some packages are CommonJS, and ask for modules of Node with `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
