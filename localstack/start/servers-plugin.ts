import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Environment variable with the path of the file that `npm start` writes when the servers are ready. */
export const SERVERS_READY = 'SLUICE_SERVERS_READY'

const LOOK_EVERY_MS = 50

/**
 * Serverless Framework plugin that lets `npm start` build the functions while the servers start. In serverless.yml, it is listed
 * after the builder and the trigger. Once the functions are built and the configuration is read, it waits for the servers. In
 * containers, too, it creates the tables of the storage, which can be read as soon as the functions are ready.
 */
export default class ServersPlugin {
  readonly hooks = { 'before:offline:start': untilReady, 'before:offline:start:init': untilReady }
}

async function untilReady(): Promise<void> {
  const file = process.env[SERVERS_READY]
  while (file && !existsSync(file)) await pause(LOOK_EVERY_MS)
  const program = join(import.meta.dirname, 'storage-tables.ts')
  // The function `storage` reports why they cannot be created.
  await promisify(execFile)(process.execPath, [program]).catch(() => {})
}
