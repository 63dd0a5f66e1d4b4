import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { JSON_OPTION } from '../arguments.ts'
import { more } from '../help.ts'
import { runningStacks, type Stack } from '../stacks/stack.ts'
import { type Column, tableText } from '../table.ts'
import { printReport, type Terminal } from '../terminal.ts'

const ABOUT = `List the stacks that run on this machine from this folder, with their addresses and the process ids of their servers.

A stack is what one \`npm start\` or \`npm run services\` runs. Commands work with the one that runs; where several do, with
"local", or with the one that --stack or SLUICE_STACK names.`

const MORE = `
Examples:
  sluice stacks
  sluice --stack lab stats`

/** A server of a stack that this machine runs. */
interface ServerReport {
  readonly server: string
  readonly pid: number
}

interface StackReport {
  readonly name: string
  readonly state: Stack['state']
  readonly command: string
  readonly pid: number
  readonly startedAt: string
  readonly brokers: readonly string[]
  /** Without user and password. */
  readonly redisUrl: string | null
  readonly awsEndpoint: string | null
  readonly lambdaPort: number | null
  readonly dataDir: string
  readonly logsDir: string
  readonly servers: readonly ServerReport[]
}

export function addStacks(program: Command, terminal: Terminal): void {
  program
    .command('stacks')
    .summary('list the stacks that run')
    .description(ABOUT)
    .option(...JSON_OPTION)
    .addHelpText('after', more(MORE))
    .action(({ json }: { json?: true }) =>
      printReport(terminal, runningStacks(terminal.stacksDir).map(stackReport), json, stacksText),
    )
}

function stackReport({ variables, ...stack }: Stack): StackReport {
  const { name, state, command, pid, startedAt, lambdaPort, dataDir, logsDir } = stack
  const { KAFKA_BROKERS, REDIS_URL, AWS_ENDPOINT_URL } = variables
  return {
    name,
    state,
    command,
    pid,
    startedAt,
    brokers: KAFKA_BROKERS?.split(',') ?? [],
    redisUrl: REDIS_URL?.replace(/\/\/[^@/]*@/, '//') ?? null,
    awsEndpoint: AWS_ENDPOINT_URL ?? null,
    lambdaPort,
    dataDir,
    logsDir,
    servers: serversIn(dataDir),
  }
}

/** As the local cloud notes them: `<server>.pid`, JSON. */
function serversIn(dataDir: string): ServerReport[] {
  return filesIn(dataDir)
    .filter(file => file.endsWith('.pid'))
    .sort()
    .flatMap(file => {
      const pid = pidIn(join(dataDir, file))
      return pid === undefined ? [] : [{ server: file.slice(0, -'.pid'.length), pid }]
    })
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    // A stack that uses servers elsewhere has no data of its own.
    return []
  }
}

function pidIn(file: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) ? pid : undefined
  } catch {
    // The server has just ended.
    return undefined
  }
}

const COLUMNS: readonly Column[] = [
  { heading: 'STACK' },
  { heading: 'STATE' },
  { heading: 'PID', align: 'right' },
  { heading: 'KAFKA', least: 15 },
  { heading: 'REDIS', least: 15 },
  { heading: 'AWS', leaveOut: 1 },
  { heading: 'LAMBDA', align: 'right', leaveOut: 2 },
  { heading: 'SERVERS', least: 20 },
  { heading: 'LOGS', leaveOut: 0 },
]

function stacksText(stacks: readonly StackReport[], columns: number | undefined): string {
  if (stacks.length === 0) return 'No stack runs. Start one: npm start\n'
  const rows = stacks.map(
    ({ name, state, pid, brokers, redisUrl, awsEndpoint, lambdaPort, servers, logsDir }) => [
      name,
      state,
      String(pid),
      brokers.join(',') || '-',
      redisUrl ?? '-',
      awsEndpoint ?? '-',
      String(lambdaPort ?? '-'),
      servers.map(({ server, pid }) => `${server} ${pid}`).join(', ') || '-',
      logsDir,
    ],
  )
  return `${tableText(COLUMNS, rows, columns)}\n`
}
