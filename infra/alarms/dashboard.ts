/** CloudWatch dashboard of a deployment. Pure. */
import type { Deployed } from './alarm.ts'
import { type Graph, graphsOf, type Search } from './graphs.ts'
import { alarmsOf, causesOf } from './resources.ts'

/** Number of columns in the grid of a dashboard. */
const COLUMNS = 24
const [WIDTH, HEIGHT] = [8, 6]
/** Maximum number of alarms in one alarm widget. */
const MAX_ALARMS = 100

/** Returns the dashboard as a CloudFormation resource. @param region region to deploy to */
export function dashboardResource(deployed: Deployed, region: string): object {
  const names = [...causesOf(deployed), ...alarmsOf(deployed)].map(({ name }) => name)
  // CloudWatch rejects alarm widgets that are empty or have too many alarms.
  const lists = Array.from({ length: Math.ceil(names.length / MAX_ALARMS) }, (_, at) =>
    names.slice(at * MAX_ALARMS, (at + 1) * MAX_ALARMS),
  )
  const rows = lists.map(alarmWidget)
  const top = rows.length * HEIGHT
  const widgets = graphsOf(deployed).map((one, index) => widget(one, index, top, region))
  const body = JSON.stringify({ periodOverride: 'auto', widgets: [...rows, ...widgets] })
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      DashboardName: `sluice-${deployed.stage}`,
      // Without alarms, the body contains no CloudFormation placeholders.
      DashboardBody: names.length > 0 ? { 'Fn::Sub': body } : body,
    },
  }
}

function alarmWidget(names: readonly string[], row: number): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const arn = 'arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:'
  return {
    type: 'alarm',
    ...{ x: 0, y: row * HEIGHT, width: COLUMNS, height: HEIGHT },
    properties: { title: 'Alarms', alarms: names.map(name => `${arn}${name}`) },
  }
}

function widget(
  { title, statistic, metrics, searches = [], limit }: Graph,
  index: number,
  top: number,
  region: string,
): object {
  const perRow = COLUMNS / WIDTH
  return {
    type: 'metric',
    x: (index % perRow) * WIDTH,
    y: top + Math.floor(index / perRow) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title,
      region,
      view: 'timeSeries',
      stat: statistic,
      period: 60,
      metrics: [
        ...metrics.map(({ namespace, name, dimensions }) => [
          namespace,
          name,
          ...Object.entries(dimensions).flat(),
        ]),
        ...searches.map((one, at) => [{ expression: searchOf(one, statistic), id: `s${at}` }]),
      ],
      ...(limit === undefined ? {} : { annotations: { horizontal: [{ label: 'limit', value: limit }] } }),
    },
  }
}

/** Returns the search expression in CloudWatch's syntax. */
function searchOf({ namespace, name, dimensions, where }: Search, statistic: string): string {
  const schema = [namespace, ...dimensions].map(quoted).join(',')
  const terms = Object.entries(where).map(([label, value]) => `${quoted(label)}="${value}"`)
  return `SEARCH('{${schema}} MetricName="${name}" ${terms.join(' ')}', '${statistic}')`
}

function quoted(name: string): string {
  return name.includes(' ') ? `"${name}"` : name
}
