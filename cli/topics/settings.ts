/** The settings of a topic on the command line: `--config name=value`, and options for the usual ones. Pure. */
import { parsedBy } from '../../packages/runtime/settings/values.ts'
import { usageFailure } from '../failure.ts'

export interface TopicSetting {
  readonly name: string
  readonly value: string
}

const FORM = /^([a-z][a-z.]*)=(.*)$/s

/** Kind of `--config`. */
export const SETTING = parsedBy<TopicSetting>(text => {
  const [, name, value] = FORM.exec(text) ?? []
  return name !== undefined && value !== undefined && value !== '' ? { name, value } : undefined
}, 'a setting and its value, as retention.ms=86400000')

/** The values of `cleanup.policy` and `compression.type`, as Kafka has them. */
export const CLEANUP_POLICIES = ['delete', 'compact', 'compact,delete'] as const
export const COMPRESSION_TYPES = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** The options that stand for one setting each. */
export interface SettingOptions {
  readonly config?: readonly TopicSetting[]
  readonly retentionMs?: number
  readonly minInsyncReplicas?: number
  readonly cleanupPolicy?: string
  readonly compressionType?: string
}

/**
 * All settings that were given, by their names in Kafka.
 *
 * @throws CliFailure if one is given twice with different values
 */
export function settingsIn(options: SettingOptions): Record<string, string> {
  const ofOptions = {
    'retention.ms': options.retentionMs,
    'min.insync.replicas': options.minInsyncReplicas,
    'cleanup.policy': options.cleanupPolicy,
    'compression.type': options.compressionType,
  }
  const given = [
    ...(options.config ?? []),
    ...Object.entries(ofOptions).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value: String(value) }],
    ),
  ]
  const settings: Record<string, string> = {}
  for (const { name, value } of given) {
    const before = settings[name]
    if (before !== undefined && before !== value)
      throw usageFailure(`${name} is given twice: ${before} and ${value}.`)
    settings[name] = value
  }
  return settings
}

/** Milliseconds from 1 on, or -1. */
export const RETENTION_MS = parsedBy<number>(text => {
  const ms = /^(-1|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined
  return ms !== undefined && Number.isSafeInteger(ms) ? ms : undefined
}, 'milliseconds from 1 on, or -1')
