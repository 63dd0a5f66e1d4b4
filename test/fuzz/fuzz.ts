/** `npm run fuzz`: whether every record of a producer that writes whatever Kafka takes is accounted for. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { packaged } from '../../bench/start/bundles.ts'
import { topicName } from '../../lib/app/topics.ts'
import { runMain, type Say, sayWithSeconds } from '../../programs/main.ts'
import { LOCAL } from '../../programs/paths.ts'
import { CONSUMERS_OF_READINGS } from '../support/consumers.ts'
import { inOwnFolder, withOwnServers } from '../support/own-servers.ts'
import { brokers } from '../support/servers.ts'
import { startValkey } from '../support/valkey.ts'
import { type Alone, alone } from './alone.ts'
import { installJavaPrograms } from './java.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { checkMemory, report } from './report.ts'
import { type Result, run, type Servers } from './run.ts'

await runMain({ readOptions, usage: USAGE, run: fuzz })

async function fuzz(options: Options, signal: AbortSignal): Promise<number> {
  const say = sayWithSeconds()
  say(`seed ${options.seed}: starting Kafka, Valkey and LocalStack`)
  return withServers(signal, async servers => {
    const result = await run(options, servers, say, signal)
    const measured = await memory(result, servers, say, signal)
    checkMemory(measured, result.violations)
    const lines = report(result, measured)
    console.log(`\n${lines.join('\n')}`)
    if (result.violations.isEmpty) return 0
    console.log(`                  kept in ${await keep(result, lines)}`)
    return 1
  })
}

async function withServers(
  signal: AbortSignal,
  work: (servers: Servers) => Promise<number>,
): Promise<number> {
  await inOwnFolder(installJavaPrograms)
  const valkey = await startValkey()
  try {
    return await withOwnServers({ redisUrl: valkey.url, signal }, variables => {
      // The producers and functions find the servers by these, as in tests.
      Object.assign(process.env, variables)
      return work({ brokers: brokers(), valkey })
    })
  } finally {
    await valkey.stop()
  }
}

/** Measures each consumer alone, one after the other: the functions as they are deployed. */
async function memory(
  { environment, violations }: Result,
  { brokers }: Servers,
  say: Say,
  signal: AbortSignal,
): Promise<Alone[]> {
  say('packaging the functions')
  await mkdir(LOCAL, { recursive: true })
  // Inside the project, where they find an AWS SDK.
  const room = await mkdtemp(join(LOCAL, 'fuzz-alone-'))
  const measured: Alone[] = []
  try {
    const { fileOf } = await packaged(CONSUMERS_OF_READINGS, room)
    const topic = topicName('readings', environment)
    for (const name of CONSUMERS_OF_READINGS) {
      say(`${name} alone reads all of it`)
      try {
        measured.push(await alone({ name, file: fileOf(name), brokers, environment, topic, signal }))
      } catch (error) {
        signal.throwIfAborted()
        violations.add('functions that cannot read the topic alone', (error as Error).message)
      }
    }
    return measured
  } finally {
    await rm(room, { recursive: true, force: true })
  }
}

/** @returns the folder */
async function keep(result: Result, lines: readonly string[]): Promise<string> {
  const { options, observed, output } = result
  const folder = join(options.out, `${options.seed}-${Date.now()}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'report.txt'), `${lines.join('\n')}\n`)
  await writeFile(join(folder, 'functions.log'), output)
  for (const name of ['sent', 'decided'] as const) {
    const plain = (_: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)
    await writeFile(
      join(folder, `${name}.ndjson`),
      observed[name].map(one => `${JSON.stringify(one, plain)}\n`).join(''),
    )
  }
  return folder
}
