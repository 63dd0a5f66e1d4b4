import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runningStacks, type Stack } from '../programs/stack.ts'
import { command, JSON_OPTION } from './command.ts'
import { printReport } from './terminal.ts'

/** Server of a stack on this machine. */
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
  /** Address of Redis without user and password. */
  readonly redisUrl: string | null
  readonly awsEndpoint: string | null
  readonly lambdaPort: number | null
  /** Address of the console, including its access token. */
  readonly consoleAddress: string | null
  readonly dataDir: string
  readonly logsDir: string
  readonly servers: readonly ServerReport[]
}

export default command({
  about: `List the stacks that run on this machine from this folder, with their addresses and the process ids of their servers.

A stack consists of the servers of one \`npm start\` or \`npm run services\`. Commands use the running stack; if several
run, they use "local", or the one that --stack or SLUICE_STACK selects.`,
  more: `
Examples:
  sluice stacks
  sluice --stack lab stats`,
  options: {
    json: JSON_OPTION,
  },
  run({ json }, terminal) {
    printReport(terminal, runningStacks(terminal.stacksDir).map(stackReport), json, stacksText)
  },
})

function stackReport({ variables, ...stack }: Stack): StackReport {
  const { name, state, command, pid, startedAt, lambdaPort, consoleAddress, dataDir, logsDir } = stack
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
    consoleAddress: consoleAddress ?? null,
    dataDir,
    logsDir,
    servers: serversIn(dataDir),
  }
}

/** Returns the servers of a stack. They are read from the files `<server>.pid` of the local cloud, which contain JSON. */
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
    // A stack that uses external servers has no data folder.
    return []
  }
}

function pidIn(file: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) ? pid : undefined
  } catch {
    // The file has been removed, because the server has just exited.
    return undefined
  }
}

/** Returns one block per stack. Addresses and process ids are not truncated, so that users can copy them. */
function stacksText(stacks: readonly StackReport[]): string {
  if (stacks.length === 0) return 'No stack is running. Start one with: npm start\n'
  return `${stacks.map(stackText).join('\n\n')}\n`
}

function stackText({ name, state, command, pid, startedAt, servers, ...stack }: StackReport): string {
  const pids = new Map(servers.map(({ server, pid }) => [server, pid]))
  const { brokers, redisUrl, awsEndpoint, lambdaPort, consoleAddress, dataDir, logsDir } = stack
  const kafka = brokers.map((address, index) => {
    return [brokers.length === 1 ? 'kafka' : `kafka-${index + 1}`, address]
  })
  const lines = [
    ...kafka,
    ['valkey', redisUrl],
    ['aws', awsEndpoint],
    ['lambda', lambdaPort && `http://127.0.0.1:${lambdaPort}`],
    ['console', consoleAddress],
    ['data', dataDir],
    ['logs', logsDir],
  ].filter(([, where]) => where)
  const shown = lines.map(([what = '', where]) => {
    const server = pids.get(String(what))
    return `  ${String(what).padEnd(8)} ${where}${server === undefined ? '' : `, process ${server}`}`
  })
  return [`${name} (${state}): ${command}, process ${pid}, since ${startedAt}`, ...shown].join('\n')
}
