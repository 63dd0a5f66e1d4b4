/**
 * Keys of rules, in the order of the documentation. The keys that all rules share come first, followed by the keys
 * of each kind.
 */
import { CONDITIONS, MEASURES } from './kinds/all.ts'
import { DURATION, type Keys } from './kinds/keys.ts'
import { ON_SILENCE, SEVERITIES } from './rule.ts'

/** Matches the names of tables and columns that need no quotes in a statement. */
const NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]*$'

const SUBJECT: Keys = {
  name: {
    schema: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_-]*$' },
    about:
      'The name of the alert: letters, digits, `_` and `-`, beginning with a letter. Together with `labels` it identifies the rule.',
    required: 'yes',
    example: 'HOT_ROOM',
  },
  family: {
    schema: { type: 'string', minLength: 1 },
    about: 'Family of the readings that the rule watches: the name of a file of `config/families`.',
    required: 'yes, without `table` or `pattern`',
    example: 'environment',
  },
  metric: {
    schema: { type: 'string' },
    about: 'Metric or state that the rule watches. Readings without it are ignored.',
    required: 'yes, without `table` or `pattern`',
    example: 'temperature',
  },
  table: {
    schema: { type: 'string', pattern: NAME_PATTERN },
    about:
      'Table that the rule watches, [instead of readings](#rules-over-tables): a name of letters, digits and `_`. The rule is evaluated for each row.',
    example: 'device_sensor_stats',
    needs: 'column',
  },
  column: {
    schema: { type: 'string', pattern: NAME_PATTERN },
    about: 'Column of the table that the rule watches. Rows without a number in it are ignored.',
    required: 'yes, with `table`',
    example: 'std_x',
    needs: 'table',
  },
  match: {
    schema: { $ref: '#/$defs/match' },
    about:
      'Limits the rule to readings that have one of the listed texts for each of these keys: the dimensions of the family such as `tenant`, `entity` (the id of the sensor, instance or device) and `tags`. In a text, `*` matches any characters. For rows of a table: `columns`.',
    required: 'no, all',
    example: "{ tenant: [acme, globex], tags: { floor: '3' } }",
  },
  unit: {
    schema: { type: 'string', minLength: 1 },
    about:
      'Unit of the thresholds, if it differs from the unit of the metric. The thresholds are converted. An incompatible unit is refused.',
    example: '°F',
  },
}

/** Key of rules over several events. `config/schemas/rules.v1.json` describes the keys below `pattern`. */
const PATTERN: Keys = {
  pattern: {
    schema: { $ref: '#/$defs/pattern' },
    about:
      'Watches [several events](#rules-over-several-events) together, instead of the value of one metric.',
  },
}

const LIFE: Keys = {
  for: {
    ...DURATION,
    about: 'How long the condition must hold. `0` fires at once.',
    required: 'no, `0`',
    example: '5m',
  },
  keepFiringFor: {
    ...DURATION,
    about: 'How long the value must have been clear before the alert resolves. `0` resolves at once.',
    required: 'no, `0`',
    example: '2m',
  },
  staleAfter: {
    ...DURATION,
    about:
      'An entity without a reading of the metric for this long is [silent](#silence): a pending alert ends, and `onSilence` applies. `0`: never.',
    required: 'no, `0`',
    example: '15m',
  },
  onSilence: {
    schema: { enum: ON_SILENCE },
    about:
      'Effect of a [silence](#silence). `keep`: a firing alert stays. `ok`: it resolves. `alert`: silence is a bad value. `no-data`: a separate alert `NoData` fires. Needs `staleAfter`.',
    required: 'no, `keep`',
    example: 'ok',
    needs: 'staleAfter',
  },
  severity: {
    schema: { enum: SEVERITIES },
    about: '`critical`, `warning` or `info`.',
    required: 'yes',
    example: 'warning',
  },
  labels: {
    schema: {
      type: 'object',
      propertyNames: {
        pattern: '^[A-Za-z][A-Za-z0-9_]*$',
        description: 'Name of a label: letters, digits and _, beginning with a letter.',
      },
      additionalProperties: { type: 'string' },
    },
    about: 'Labels of the alert: a text for each name.',
    required: 'no, none',
    example: '{ team: facilities }',
  },
  summary: {
    schema: { type: 'string', pattern: '\\S' },
    about: 'Summary of the alert in one line. It can contain [placeholders](#placeholders).',
    example: "'{{entity}} has {{value}}'",
  },
  paused: {
    schema: { type: 'boolean' },
    about: '`true`: the rule is not evaluated, and its alerts resolve with the reason `rule-paused`.',
    required: 'no, `false`',
    example: 'true',
  },
}

export const CONDITION_KEYS: Keys = mergeKeys(CONDITIONS)
export const MEASURE_KEYS: Keys = mergeKeys(MEASURES)

export const RULE_KEYS: Keys = { ...SUBJECT, ...CONDITION_KEYS, ...MEASURE_KEYS, ...PATTERN, ...LIFE }

/** Keys of conditions. A rule has exactly one of them. All other condition keys require one of these keys. */
export const FIRE_KEYS: readonly string[] = Object.keys(CONDITION_KEYS).filter(
  key => !CONDITION_KEYS[key]?.needs,
)

/** Condition keys that the events of a pattern may have. */
export const FIRE_KEYS_IN_PATTERNS = FIRE_KEYS.filter(key => CONDITION_KEYS[key]?.inPatterns !== undefined)

/** Keys that are valid only in rules over readings. The columns of a table are numbers without a unit. */
export const KEYS_OF_READINGS: readonly string[] = ['family', 'metric', 'unit', 'fireEquals']

/** Keys that are valid in rules over several events and in rules over values. */
export const KEYS_WITH_PATTERN: readonly string[] = [
  'name',
  'pattern',
  'keepFiringFor',
  'severity',
  'labels',
  'summary',
  'paused',
]

function mergeKeys(kinds: Readonly<Record<string, { readonly keys: Keys }>>): Keys {
  return Object.assign({}, ...Object.values(kinds).map(({ keys }) => keys))
}
