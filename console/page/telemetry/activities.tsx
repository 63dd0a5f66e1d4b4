/** Activities of devices, silent sensors, and recent events. */
import type { ComponentChildren, JSX } from 'preact'
import type { Happening } from '../../../lib/queries/happenings.ts'
import type { Activities, DeviceNow } from '../../api/telemetry/activities.ts'
import { addressOf } from '../data/address.ts'
import { Empty, Live } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { type Column, column, Table, textColumn, timeColumn } from '../parts/table.tsx'
import { type Tab, Tabs } from '../parts/tabs.tsx'
import { countText, durationText, numberText, partsOf } from '../parts/words.ts'
import { happeningText } from './figures.ts'
import { type Choices, useChoices } from './span-choice.tsx'

export function ActivitiesPage(): JSX.Element {
  const choices = useChoices()
  const activity = choices.of('activity')
  return (
    <Live path="/telemetry/activities" query={{ activity }} keep what="the activities">
      {found => (
        <div class="columns">
          <Devices found={found} chosen={activity} choices={choices} />
          <div>
            <Lately lately={found.lately} />
            <SilentSensors found={found} />
          </div>
        </div>
      )}
    </Live>
  )
}

interface DevicesProps {
  readonly found: Activities
  readonly chosen: string
  readonly choices: Choices
}

function Devices({ found, chosen, choices }: DevicesProps): JSX.Element {
  const { counts, devices, matching, known, isWhole } = found
  const tabOf = (activity: string, title: ComponentChildren): Tab => {
    return { path: choices.with({ activity, 'devices.page': '' }), title, isCurrent: activity === chosen }
  }
  const countedTab = ({ activity, devices: count }: Activities['counts'][number]) =>
    tabOf(
      activity,
      <>
        {activity} <small>{numberText(count)}</small>
      </>,
    )
  return (
    <section>
      <h2>Activities now</h2>
      {counts.length > 0 && (
        <Tabs label="Activities" areChoices tabs={[tabOf('', 'all'), ...counts.map(countedTab)]} />
      )}
      <Table
        name="devices"
        caption="devices"
        columns={DEVICE_COLUMNS}
        rows={devices}
        keyOf={({ entity }) => entity}
        textOf={({ entity, activity }) => `${entity} ${activity}`}
        empty="No device has reported an activity yet."
      />
      {matching > devices.length && (
        <p class="muted">
          The {devices.length} of {numberText(matching)} that changed last.
        </p>
      )}
      {!isWhole && <p class="warn">Only {numberText(known)} entities were evaluated. There are more.</p>}
    </section>
  )
}

const DEVICE_COLUMNS: readonly Column<DeviceNow>[] = [
  column(
    'Device',
    ({ entity }) => <EntityName entity={entity} />,
    ({ entity }) => partsOf(entity).subject,
  ),
  column(
    'Model',
    ({ entity }) => partsOf(entity).source,
    ({ entity }) => entity,
  ),
  textColumn('Activity', ({ activity }) => activity),
  column(
    'Since',
    ({ since }) => (
      <span title={durationText(Date.now() - Date.parse(since))}>
        <Moment at={since} />
      </span>
    ),
    ({ since }) => since,
  ),
]

function SilentSensors({ found: { silent, silentCount } }: { found: Activities }): JSX.Element {
  return (
    <section>
      <h2>Silent sensors</h2>
      {silentCount === 0 && <Empty>Every sensor has reported in the last five minutes.</Empty>}
      {silentCount > 0 && (
        <>
          <p>
            {countText(silentCount, 'sensor')} {silentCount === 1 ? 'has' : 'have'} not reported for five
            minutes or longer.
          </p>
          <Table
            name="silent"
            caption="silent sensors"
            columns={SILENT_COLUMNS}
            rows={silent}
            keyOf={({ entity }) => entity}
            textOf={({ entity }) => entity}
            empty="No sensors are silent."
            pageSize={10}
          />
        </>
      )}
    </section>
  )
}

const SILENT_COLUMNS: readonly Column<Activities['silent'][number]>[] = [
  column(
    'Sensor',
    ({ entity }) => <EntityName entity={entity} />,
    ({ entity }) => entity,
  ),
  column('Source', ({ entity }) => partsOf(entity).source),
  timeColumn('Last reading', ({ lastSeen }) => lastSeen),
]

function Lately({ lately }: { lately: readonly Happening[] }): JSX.Element {
  return (
    <section>
      <h2>Lately</h2>
      {lately.length === 0 && <Empty>Nothing has happened to any entity yet.</Empty>}
      <ol class="list lined">
        {lately.slice(0, 12).map(happening => (
          <li key={happening.id}>
            <Moment at={happening.at} />{' '}
            <span>
              <EntityName entity={happening.entity} /> {happeningText(happening)}{' '}
              <a href={addressOf('/event', { id: happening.id })}>how it came</a>
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function EntityName({ entity }: { readonly entity: string }): JSX.Element {
  return <a href={addressOf('/telemetry', { entity })}>{partsOf(entity).subject || entity}</a>
}
