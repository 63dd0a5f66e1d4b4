import { mapKind, text } from '#runtime/settings/index.ts'
import { command, environment, flag, JSON_OPTION, option, optionalArguments, SOME_TEXT } from '../command.ts'
import { CONDITIONS, handleDeadLetters, SELECTION_RULES } from './handle-dead-letters.ts'

/** Kind for a number of dead letters per second. */
const RATE = mapKind(text(/^[1-9]\d{0,6}(\/s)?$/, 'a number a second, as 100/s'), rate =>
  Number.parseInt(rate, 10),
)

export default command({
  about: `Return dead letters to the consumers that failed: each to its original topic and partition, with its bytes, and only
for that consumer.

Without --yes, the command only shows the effect. Specify dead letters by AT or id, or select them with options,
such as --since 365d for all. Quarantined ones are skipped unless they are specified.`,
  more: `
Ctrl-C finishes the current batch and prints the command that continues. After a crash, run the command again, with
--until and the time at which it began: the dlq topic itself records handled dead letters. A dead letter that is redriven
twice is applied once; that of an input, if it is redriven again within an hour.

Examples:
  sluice dlq redrive 2@17
  sluice dlq redrive --consumer alerting --code timer-failed --since 1d --rate 100/s --yes`,
  args: {
    at: optionalArguments('positions as shown by `sluice dlq list`, or ids', SOME_TEXT),
  },
  options: {
    ...CONDITIONS,
    rate: option('<n/s>', 'how many a second at most', RATE),
    again: flag('also those that were redriven or dropped before'),
    yes: flag('do it'),
    json: JSON_OPTION,
    env: environment('of the dead letters'),
  },
  ...SELECTION_RULES,
  needs: [['again', 'at']],
  run: ({ at: ats, rate: perSecond, again, ...options }, terminal) => {
    return handleDeadLetters({ command: 'redrive', ats, perSecond, again }, options, terminal)
  },
})
