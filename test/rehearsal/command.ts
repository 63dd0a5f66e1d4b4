/** `npm run deploy:rehearsal`: deploys the functions to an emulator of AWS, uses them, updates them under load, and removes them. */
import { relative } from 'node:path'
import { formatEvent } from '../../localstack/service-report.ts'
import { readOptions } from '../../scripts/command-line.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { runMain } from '../../scripts/run-main.ts'
import { sayWithSeconds } from '../support/say.ts'
import { Rehearsal } from './rehearsal.ts'
import { REHEARSAL_LOGS } from './servers.ts'
import { STEPS } from './steps.ts'

const USAGE = `Usage: npm run deploy:rehearsal

Deploys the functions of serverless.yml, stage dev, to an emulator of AWS on this machine, beside a Kafka and a Valkey of its
own. The trigger of serverless offline polls and invokes the deployed zips. Every function is invoked, and its results are looked
at; a changed version is deployed under load, and every reading is counted; then all is removed. It takes about two minutes, and
needs no Docker and no account. What the emulator cannot do is listed in docs/rehearsal.md.

  --help  show this`

await runMain({ readOptions: readArguments, usage: USAGE, run: rehearse })

function readArguments(args: readonly string[]): object | undefined {
  const { help } = readOptions('npm run deploy:rehearsal', args, {
    help: { type: 'boolean', default: false },
  })
  return help ? undefined : {}
}

async function rehearse(_: object, signal: AbortSignal): Promise<number> {
  const say = sayWithSeconds()
  const rehearsal = await Rehearsal.begin(event => say(formatEvent(event)), signal)
  try {
    for (const { title, run } of STEPS) {
      say(`…  ${title}`)
      say(`ok ${await run(rehearsal)}`)
      signal.throwIfAborted()
    }
  } catch (error) {
    say(`the servers and functions have logged to ${relative(PROJECT, REHEARSAL_LOGS)}`)
    throw error
  } finally {
    await rehearsal.end()
  }
  return 0
}
