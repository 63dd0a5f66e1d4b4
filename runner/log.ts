import type { Log } from '../packages/msk-trigger/engine.ts'

/**
 * Pairs of names: a setting of the Serverless Framework in messages of the engine, and the corresponding setting of `sluice run`.
 */
const NAMES: readonly (readonly [string, string])[] = [
  ['custom.mskTrigger.brokers, or KAFKA_BROKERS', 'KAFKA_BROKERS'],
  ['custom.mskTrigger.brokers', 'KAFKA_BROKERS'],
  ['custom.mskTrigger.sasl', 'KAFKA_AUTH'],
  ['custom.mskTrigger.ssl', 'KAFKA_AUTH'],
]

/** Receives complete lines. */
export interface Lines {
  write(text: string): unknown
}

/** Returns a log that writes JSON documents with the same keys as the log lines of functions. */
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
