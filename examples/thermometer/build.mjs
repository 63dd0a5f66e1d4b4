import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: ['src/handler.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // The runtime of Lambda has the AWS SDK. The others are for Avro and Protobuf, and are not installed.
  external: ['@aws-sdk/*', 'avsc', 'protobufjs'],
  // Some packages are CommonJS, and load modules of Node.js with `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
})
