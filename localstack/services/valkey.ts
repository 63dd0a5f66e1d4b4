import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL } from '../../programs/paths.ts'
import { UserError } from '../../programs/user-error.ts'
import type { Server } from './definition.ts'
import { LOOPBACK } from './ports.ts'
import { redisAnswers } from './probes.ts'
import type { Launch } from './process.ts'
import { ensurePythonPackages } from './python.ts'

const VALKEY_VERSION = '9.1.2'

export interface ValkeyOptions {
  readonly port: number
  readonly dataDir: string
}

/** Valkey on loopback. The server binary comes from a Python wheel. */
export function valkeyServer({ port, dataDir }: ValkeyOptions): Server {
  const title = `Valkey ${VALKEY_VERSION}`
  const installed = join(LOCAL, 'python', 'valkey')
  const dir = join(dataDir, 'valkey')
  const probe = join('bin', 'python')
  const packages = { service: 'valkey', title, lock: 'valkey.txt', dir: installed, probe } as const
  return {
    name: 'valkey',
    title,
    variable: 'REDIS_PORT',
    port,
    dir,
    install: context => ensurePythonPackages(packages, context),
    prepare: () => prepareValkey(port, dir, installed),
    answers: () => redisAnswers(`redis://${LOOPBACK}:${port}`),
  }
}

async function prepareValkey(port: number, dir: string, installed: string): Promise<Launch> {
  const configuration = join(dir, 'valkey.conf')
  await mkdir(dir, { recursive: true })
  await writeFile(configuration, settings(port, dir))
  // Started directly: ending the Python program of the same name would leave the server running.
  return { command: await findBinary(installed), args: [configuration], env: process.env }
}

/** The wheel contains one binary, in a folder named after its platform. */
async function findBinary(installed: string): Promise<string> {
  const files = await readdir(installed, { recursive: true })
  const binary = files.find(file => file.endsWith('/valkey-server') && file.includes('_binaries'))
  if (binary) return join(installed, binary)
  throw new UserError(
    `There is no valkey-server in ${installed}. Remove that folder and start again, or set REDIS_URL to a running ` +
      'server.',
  )
}

function settings(port: number, dir: string): string {
  return `bind ${LOOPBACK}
port ${port}
dir "${dir}"
# The command line must keep naming this file: it identifies the server as one of this project's.
set-proc-title no

# Every write reaches the kernel before its reply, so kill -9 of the server loses no acknowledged write.
# Not everysec: it may delay a write while an fsync runs. Losing data in a crash of the whole machine is acceptable.
appendonly yes
appendfsync no
save ""

# Nothing may be evicted: the states and ids are primary data, not a cache.
maxmemory-policy noeviction
`
}
