const timeoutMs = 5_000;

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** What a Prometheus (its base URL) says is firing now. @throws Error when it does not answer */
export async function firingAlerts(prometheus: string): Promise<readonly FiringAlert[]> {
  const response = await fetch(`${prometheus}/api/v1/alerts`, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${prometheus}: ${response.status} ${await response.text()}`);
  const { data } = (await response.json()) as { data: { alerts: readonly FiringAlert[] } };
  return data.alerts.filter(({ state }) => state === 'firing');
}
