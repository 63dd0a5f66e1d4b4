/** `npm run registry`: a registry on this machine with the packages of this repository. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { requireFreePorts } from '#local-servers/ports'
import { readOptions } from '../../scripts/command-line.ts'
import { LOCAL } from '../../scripts/paths.ts'
import { runMain } from '../../scripts/run-main.ts'
import { Registry } from './registry.ts'

const USAGE = `Usage: npm run registry

Serves the packages of this clone to npm on this machine, as if they were published, until Ctrl-C. Other packages come from the
registry that npm is configured with. REGISTRY_PORT chooses another port than 4873.`

const FOLDER = join(LOCAL, 'registry')

await runMain({ readOptions: readArguments, usage: USAGE, run: serve })

function readArguments(args: readonly string[]): object | undefined {
  const { help } = readOptions('npm run registry', args, { help: { type: 'boolean', default: false } })
  return help ? undefined : {}
}

async function serve(_: object, signal: AbortSignal): Promise<number> {
  const port = Number(process.env.REGISTRY_PORT ?? 4873)
  await requireFreePorts([{ port, variable: 'REGISTRY_PORT', title: 'the registry' }])
  await rm(FOLDER, { recursive: true, force: true })
  const registry = await Registry.start({ folder: FOLDER, port, signal })
  try {
    console.log('Building and publishing the packages')
    await registry.publish()
    console.log(`The packages are at ${registry.url} until Ctrl-C. In another terminal, outside of this clone:

  export npm_config_registry=${registry.url}
  npm create sluice my-app`)
    await new Promise(resolve => signal.addEventListener('abort', resolve))
  } finally {
    await registry.stop()
    await rm(FOLDER, { recursive: true, force: true })
  }
  return 0
}
