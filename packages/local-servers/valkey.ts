import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pythonPackages } from './install.ts'
import { LOOPBACK } from './ports.ts'
import { redisAnswers } from './probes.ts'
import type { Server, ServerOptions } from './server-definition.ts'
import { UserError } from './user-error.ts'

const TITLE = 'Valkey 9.1.2'
const LOCK = join(import.meta.dirname, 'python', 'valkey.txt')

export interface ValkeyOptions extends ServerOptions {
  /** Arguments in addition to the settings of `npm start`. */
  readonly settings?: readonly string[]
}

/** Valkey from a Python wheel, which contains the server binary. It listens on the loopback address. */
export function valkeyServer({ port, dataDir, cacheDir, settings = [] }: ValkeyOptions): Server {
  const installed = join(cacheDir, 'python', 'valkey')
  const dir = join(dataDir, 'valkey')
  return {
    name: 'valkey',
    title: TITLE,
    variable: 'REDIS_PORT',
    port,
    dir,
    package: pythonPackages({ service: 'valkey', title: TITLE, lock: LOCK, dir: installed }),
    async prepare() {
      const file = join(dir, 'valkey.conf')
      await mkdir(dir, { recursive: true })
      await writeFile(file, configuration(port, dir))
      // Start the binary directly, because ending the Python program of the same name would leave the server running.
      return { command: await findBinary(installed), args: [file, ...settings] }
    },
    answers: () => redisAnswers(`redis://${LOOPBACK}:${port}`),
  }
}

/** Finds the binary of the wheel, in a folder named after its platform. */
async function findBinary(installed: string): Promise<string> {
  const files = await readdir(installed, { recursive: true })
  const binary = files.find(file => file.endsWith('/valkey-server') && file.includes('_binaries'))
  if (binary) return join(installed, binary)
  throw new UserError(
    `${installed} does not contain valkey-server. Remove that folder and start again, or set REDIS_URL to a running ` +
      'server.',
  )
}

function configuration(port: number, dir: string): string {
  return `bind ${LOOPBACK}
port ${port}
dir "${dir}"

# Every write reaches the kernel before its reply, so kill -9 of the server loses no acknowledged write.
# Not everysec: it may delay a write while an fsync runs. Losing data in a crash of the whole machine is acceptable.
appendonly yes
appendfsync no
save ""

# Nothing may be evicted: the states and ids are primary data, not a cache.
maxmemory-policy noeviction
`
}
