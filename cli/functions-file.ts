import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'

const FILE = new URL('../serverless.yml', import.meta.url)

/** The functions of this project, and which of them read from Kafka, by `serverless.yml`. */
export function projectFunctions(): {
  readonly all: readonly string[]
  readonly consumers: readonly string[]
} {
  const { functions = {} } = load(readFileSync(FILE, 'utf8')) as { functions?: Record<string, FunctionEntry> }
  const all = Object.keys(functions)
  const consumers = all.filter(name =>
    functions[name]?.events?.some(event => 'msk' in event || 'kafka' in event),
  )
  return { all, consumers }
}

interface FunctionEntry {
  readonly events?: readonly object[]
}
