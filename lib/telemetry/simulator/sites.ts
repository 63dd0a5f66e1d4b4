/** Sites of simulated sensors and their climates. */
/** Location and its climate. Temperatures are in °C. `mean` is the yearly mean, and `yearly` and `daily` are amplitudes. */
export interface Site {
  readonly site: string
  readonly latitude: number
  readonly longitude: number
  readonly mean: number
  readonly yearly: number
  readonly daily: number
  /** Mean relative humidity, in percent. Defaults to 62. */
  readonly humidity?: number
}

const site = (
  name: string,
  latitude: number,
  longitude: number,
  climate: Omit<Site, 'site' | 'latitude' | 'longitude'>,
): Site => ({ site: name, latitude, longitude, ...climate })

/** Sites by name. The climates are rounded climate normals for 1991 to 2020. */
export const SITES: ReadonlyMap<string, Site> = new Map(
  [
    site('rotterdam', 51.9225, 4.4792, { mean: 12, yearly: 6, daily: 3 }),
    site('osaka', 34.6937, 135.5023, { mean: 17, yearly: 9, daily: 4 }),
    site('valparaiso', -33.0472, -71.6127, { mean: 15, yearly: 4, daily: 5 }),
    // Hot dry summers and mild winters.
    site('cairo', 30.0444, 31.2357, { mean: 22, yearly: 7.5, daily: 6, humidity: 54 }),
    site('oslo', 59.9139, 10.7522, { mean: 7, yearly: 11, daily: 4 }),
    site('london', 51.5074, -0.1278, { mean: 12, yearly: 6.5, daily: 4 }),
    site('berlin', 52.52, 13.405, { mean: 10, yearly: 9.5, daily: 5 }),
    site('madrid', 40.4168, -3.7038, { mean: 15, yearly: 10, daily: 6, humidity: 52 }),
    site('nairobi', -1.2921, 36.8219, { mean: 19, yearly: 1.5, daily: 6 }),
    site('mumbai', 19.076, 72.8777, { mean: 27, yearly: 2.5, daily: 4, humidity: 72 }),
    site('singapore', 1.3521, 103.8198, { mean: 28, yearly: 0.5, daily: 3, humidity: 76 }),
    site('sydney', -33.8688, 151.2093, { mean: 18, yearly: 5, daily: 4 }),
    site('toronto', 43.6532, -79.3832, { mean: 9, yearly: 13, daily: 4 }),
    site('virginia', 38.9072, -77.0369, { mean: 15, yearly: 12, daily: 5 }),
  ].map(site => [site.site, site]),
)
