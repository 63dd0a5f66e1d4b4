import type { Command } from 'commander'
import { OPERATION } from '../../../lib/operations/dead-letters/operation.ts'
import { dropChooser } from '../../../lib/operations/dead-letters/redriving.ts'
import { environmentOption, JSON_OPTION, listParserOf, parserOf, SOME_TEXT } from '../../arguments.ts'
import { addFilters } from '../../dlq/filters.ts'
import { type HandlingOptions, handle } from '../../dlq/handling.ts'
import { more } from '../../help.ts'
import type { Terminal } from '../../terminal.ts'

const ABOUT = `Mark dead letters as done with: they need no more attention, and are not listed and not redriven any more.

It shows what it would do; --yes does it. They stay in the topic for as long as it keeps records; \`sluice dlq redrive AT --again\` brings one back
all the same.`

const MORE = `
Examples:
  sluice dlq drop 2@17 --yes
  sluice dlq drop --code schema-violated --until 7d`

export function addDlqDrop(dlq: Command, terminal: Terminal): void {
  const drop = dlq
    .command('drop')
    .summary('mark dead letters as done with')
    .description(ABOUT)
    .argument(
      '[at...]',
      'their places as `sluice dlq list` shows them, or their ids',
      listParserOf(SOME_TEXT),
    )
  addFilters(drop)
    .option('--yes', 'do it')
    .option('--resume <operation>', 'go on with an operation that was stopped', parserOf(OPERATION))
    .option(...JSON_OPTION)
    .option(...environmentOption('whose dead letters are meant'))
    .addHelpText('after', more(MORE))
    .action((ats: readonly string[] | undefined, options: HandlingOptions) =>
      handle(
        {
          command: 'drop',
          ats: ats ?? [],
          options,
          others: {},
          isPatched: false,
          looksFirst: (ats ?? []).length > 0,
          chooser: () => dropChooser,
        },
        terminal,
      ),
    )
}
