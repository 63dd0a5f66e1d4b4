/** Averages by family, and by site, database type and model within a family. */
import type { JSX } from 'preact'
import type { GroupAverages } from '../../../lib/queries/averages.ts'
import type { StatisticName } from '../../api/telemetry/entity-page.ts'
import type { FamilyAverages } from '../../api/telemetry.ts'
import { addressOf } from '../data/address.ts'
import { Tile } from '../parts/facts.tsx'
import { Empty, Live } from '../parts/known.tsx'
import { type Column, linkColumn, numberColumn, Table } from '../parts/table.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { countText, numberText } from '../parts/words.ts'
import { STATISTIC_WORDS, unitText, valueText } from './figures.ts'
import { useChoices } from './span-choice.tsx'

export function AveragesPage(): JSX.Element {
  const choices = useChoices()
  const statistic = (choices.of('statistic') || 'mean') as StatisticName
  return (
    <>
      <Tabs
        label="Statistic"
        areChoices
        tabs={(Object.keys(STATISTIC_WORDS) as StatisticName[]).map(name => ({
          path: choices.with({ statistic: name === 'mean' ? '' : name }),
          title: STATISTIC_WORDS[name],
          isCurrent: name === statistic,
        }))}
      />
      <p class="muted">{ABOUT[statistic] ?? ABOUT.mean}</p>
      <Live path="/telemetry/averages" what="the averages">
        {({ families, known, isWhole }) => (
          <>
            {families.length === 0 && <Empty>The processor has counted no reading yet.</Empty>}
            {families.map(family => (
              <Family key={family.all.family} family={family} statistic={statistic} />
            ))}
            {!isWhole && (
              <p class="warn">Only {numberText(known)} entities were evaluated. There are more.</p>
            )}
          </>
        )}
      </Live>
    </>
  )
}

const ABOUT: Readonly<Record<StatisticName, string>> = {
  last: 'Average of the newest values of all entities.',
  mean: 'Average of all readings, since the first of each entity.',
  minimum: 'Smallest value reported by any entity.',
  maximum: 'Largest value reported by any entity.',
  standardDeviation: 'Standard deviation of all readings, weighted equally.',
}

interface FamilyProps {
  readonly family: FamilyAverages
  readonly statistic: StatisticName
}

function Family({ family: { all, metrics, groups, count }, statistic }: FamilyProps): JSX.Element {
  const columns: readonly Column<GroupAverages>[] = [
    linkColumn(
      'Source',
      ({ name }) => name,
      ({ name }) => addressOf('/telemetry', { family: all.family, find: name }),
    ),
    numberColumn('Entities', ({ entities }) => entities),
    numberColumn('Last minute', ({ readingsInMinute }) => readingsInMinute),
    ...metrics.map(({ name, unit }) => ({
      ...numberColumn<GroupAverages>(`${name}${unitText(unit)}`, group => group.metrics[name]?.[statistic]),
      sortBy: (group: GroupAverages) => group.metrics[name]?.[statistic] ?? Number.NEGATIVE_INFINITY,
    })),
  ]
  return (
    <section>
      <h2>{all.family}</h2>
      <p>
        {countText(all.entities, 'entity', 'entities')} of {countText(count, 'source')};{' '}
        {countText(all.readingsInMinute, 'reading')} in the last whole minute, by event time.
      </p>
      <dl class="tiles">
        {metrics.map(({ name, unit }) => {
          const value = all.metrics[name]?.[statistic]
          return value !== undefined && <Tile key={name} title={name} value={valueText(value, unit)} />
        })}
      </dl>
      <Table
        name={all.family}
        caption={`sources of ${all.family}`}
        columns={columns}
        rows={groups}
        keyOf={({ name }) => name}
        textOf={({ name }) => name}
        empty="There are no sources."
      />
      {count > groups.length && <p class="warn">The largest {groups.length} sources are listed.</p>}
    </section>
  )
}
