/** Tabs: links to the pages of an area, or to choices within a page. */
import type { ComponentChildren, JSX } from 'preact'

interface Tab {
  readonly path: string
  readonly title: ComponentChildren
  readonly isCurrent: boolean
}

interface Props {
  /** Label for screen readers. */
  readonly label: string
  readonly tabs: readonly Tab[]
  /** True for choices within a page. They are rendered smaller than the tabs of an area. */
  readonly areChoices?: boolean
}

export function Tabs({ label, tabs, areChoices = false }: Props): JSX.Element {
  return (
    <nav class={areChoices ? 'choices' : 'tabs'} aria-label={label}>
      <ul>
        {tabs.map(({ path, title, isCurrent }) => (
          <li key={path}>
            <a href={path} aria-current={isCurrent ? (areChoices ? 'true' : 'page') : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
