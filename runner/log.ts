import type { Log } from '../packages/msk-trigger/engine.ts'

/** How the engine names settings of the framework, and what they are called here. */
const NAMES: readonly (readonly [string, string])[] = [
  ['custom.mskTrigger.brokers, or KAFKA_BROKERS', 'KAFKA_BROKERS'],
  ['custom.mskTrigger.brokers', 'KAFKA_BROKERS'],
  ['custom.mskTrigger.sasl', 'KAFKA_AUTH'],
  ['custom.mskTrigger.ssl', 'KAFKA_AUTH'],
]

/** Takes whole lines. */
export interface Lines {
  write(text: string): unknown
}

/** The program's own lines: JSON documents with the keys that those of the functions have. */
export function jsonLog(out: Lines, now: () => Date = () => new Date()): Log {
  const at = (level: string) => (text: string) => {
    const message = NAMES.reduce(
      (said, [there, here]) => said.replaceAll(there, here),
      text.replace(/^msk {2}/, ''),
    )
    out.write(`${JSON.stringify({ level, message, timestamp: now().toISOString(), service: 'run' })}\n`)
  }
  return { notice: at('INFO'), warning: at('WARN'), error: at('ERROR') }
}
