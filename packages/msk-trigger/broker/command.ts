#!/usr/bin/env node
/** `npx serverless-offline-msk-trigger kafka`: runs a real Kafka broker without Docker, until Ctrl-C. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { cacheFolder, installedKafka, KAFKA_VERSION, Refused, requiredJava } from './install.ts'
import { isTaken, LOOPBACK, runKafka } from './run.ts'

const USAGE = `Usage: npx serverless-offline-msk-trigger kafka [options]

Runs Apache Kafka ${KAFKA_VERSION}, one broker on ${LOOPBACK}, until Ctrl-C. It needs Java 17 or newer and Maven, which downloads
Kafka on the first run. Records are kept for the next run.

  --port N   the port of the broker (9092)
  --fresh    start without the records of earlier runs
  --help     show this`

async function main(args: readonly string[]): Promise<void> {
  const { port, fresh, help } = optionsOf(args)
  if (help) {
    console.log(USAGE)
    return
  }
  if (await isTaken(port))
    throw new Refused(
      `${LOOPBACK}:${port} is already in use. If Kafka listens there, use it; otherwise choose another port with --port N`,
    )
  const java = await requiredJava()
  const jars = await installedKafka(console.log)
  const data = join(cacheFolder(), `data-${port}`)
  if (fresh) await rm(data, { recursive: true, force: true })
  await runKafka({ java, jars, data, port }, () =>
    console.log(`Kafka ${KAFKA_VERSION} is listening on ${LOOPBACK}:${port}. Press Ctrl-C to stop it.`),
  )
}

/** Parses the command-line options. @throws Refused if the options are invalid */
function optionsOf(args: readonly string[]) {
  const options = {
    port: { type: 'string', default: '9092' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...args], options, allowPositionals: true }),
  )
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Refused(`--port is "${values.port}", but a port is a number from 1 to 65535`)
  const [command] = positionals
  if (!values.help && (command !== 'kafka' || positionals.length > 1))
    throw new Refused(
      `${command === undefined ? 'A command is missing' : `"${positionals.join(' ')}" is not a command`}.\n\n${USAGE}`,
    )
  return { ...values, port }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refused)) throw error
  console.error(error.message)
  process.exitCode = 1
}
