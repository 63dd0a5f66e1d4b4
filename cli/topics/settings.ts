/** Options for the settings of a topic: `--config name=value`, and separate options for common settings. Pure. */
import { parsedBy } from '../../packages/runtime/settings/values.ts'
import { usageFailure } from '../failure.ts'

export interface TopicSetting {
  readonly name: string
  readonly value: string
}

const FORM = /^([a-z][a-z.]*)=(.*)$/s

/** Kind for the value of `--config`. */
export const SETTING = parsedBy<TopicSetting>(text => {
  const [, name, value] = FORM.exec(text) ?? []
  return name !== undefined && value !== undefined && value !== '' ? { name, value } : undefined
}, 'a setting and its value, such as retention.ms=86400000')

/** Allowed values of `cleanup.policy`. `COMPRESSION_TYPES` has the allowed values of `compression.type`. */
export const CLEANUP_POLICIES = ['delete', 'compact', 'compact,delete'] as const
export const COMPRESSION_TYPES = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Options that each correspond to one setting. */
export interface SettingOptions {
  readonly config?: readonly TopicSetting[]
  readonly retentionMs?: number
  readonly minInsyncReplicas?: number
  readonly cleanupPolicy?: string
  readonly compressionType?: string
}

/**
 * Returns all given settings by their Kafka names.
 *
 * @throws CliFailure if a setting is given twice with different values
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

/** Kind for a retention in milliseconds: at least 1, or -1 for unlimited retention. */
export const RETENTION_MS = parsedBy<number>(text => {
  const ms = /^(-1|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined
  return ms !== undefined && Number.isSafeInteger(ms) ? ms : undefined
}, 'milliseconds from 1 on, or -1')
