import { randomUUID } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '#local-servers/ports.ts'
import { PROJECT } from '../../scripts/paths.ts'

const HERE = import.meta.dirname

export interface SideOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Batching window in seconds; the bare consumer never waits. */
  readonly window: number
  /** The environment of the handler. */
  readonly variables: Readonly<Record<string, string>>
}

/** A side of the comparison. */
export interface Side {
  readonly name: string
  /** Output of a side once it reads. */
  readonly ready: RegExp
  /** Writes its files into a folder that has the handler already. Returns the arguments for Node, which runs there. */
  prepare(options: SideOptions, folder: string): Promise<readonly string[]>
}

/** A plain kafkajs consumer that calls the handler in its own process. */
export const bare: Side = {
  name: 'bare',
  ready: /^ready/m,
  async prepare({ brokers, topic }, folder) {
    const file = join(HERE, 'bare-consumer.ts')
    return [file, brokers.join(','), topic, `bare-${randomUUID()}`, join(folder, 'handler.js')]
  },
}

/** The trigger of this project. */
export const trigger: Side = {
  name: 'trigger',
  ready: /^msk {2}ready: /m,
  async prepare(options, folder) {
    const event = { batchSize: 100, maximumBatchingWindow: options.window }
    return serverlessProject(folder, options, {
      plugin: './msk-trigger/index.ts',
      event,
      // Without the login that the event has in the cloud.
      custom: { mskTrigger: { clusters: { [options.brokers.join(',')]: { brokers: options.brokers } } } },
      links: { 'msk-trigger': join(PROJECT, 'packages', 'msk-trigger') },
    })
  },
}

interface Plugin {
  readonly plugin: string
  readonly isBeforeOffline?: boolean
  /** The settings of the `kafka` event. */
  readonly event: object
  readonly custom: object
  /** Links in the folder, and where they lead. */
  readonly links: Readonly<Record<string, string>>
}

/** A project for serverless-offline with one function, read by a plugin. Returns the arguments that start it. */
export async function serverlessProject(
  folder: string,
  { brokers, topic, variables }: SideOptions,
  { plugin, isBeforeOffline = true, event, custom, links }: Plugin,
): Promise<readonly string[]> {
  const access = { accessConfigurations: { saslScram512Auth: 'arn:aws:secretsmanager:eu-west-1:1:secret:s' } }
  const kafka = { ...access, bootstrapServers: brokers, topic, ...event }
  const config = {
    service: `bench-${randomUUID().slice(0, 8)}`,
    provider: {
      name: 'aws',
      runtime: 'nodejs24.x',
      stage: 'it',
      region: 'eu-west-1',
      environment: variables,
    },
    plugins: isBeforeOffline ? [plugin, 'serverless-offline'] : ['serverless-offline', plugin],
    custom,
    functions: { bench: { handler: 'handler.handler', timeout: 30, events: [{ kafka }] } },
  }
  const tools = ['serverless', 'serverless-offline']
  const all = { ...links, ...Object.fromEntries(tools.map(tool => [modulePath(tool), installedHere(tool)])) }
  await mkdir(join(folder, 'node_modules'))
  await Promise.all([
    ...Object.entries(all).map(([link, target]) => symlink(target, join(folder, link))),
    // JSON is YAML.
    writeFile(join(folder, 'serverless.yml'), JSON.stringify(config)),
  ])
  const ports = ['httpPort', 'lambdaPort', 'websocketPort']
  const options = await Promise.all(ports.map(async name => [`--${name}`, String(await freePort())]))
  return [join(installedHere('serverless'), 'bin', 'serverless.js'), 'offline', 'start', ...options.flat()]
}

export function modulePath(name: string): string {
  return join('node_modules', name)
}

function installedHere(name: string): string {
  return join(PROJECT, modulePath(name))
}
