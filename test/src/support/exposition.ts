/** What a page of metrics holds, in Prometheus' text format. */
export interface Exposition {
  /** Names of samples, also of those that have no value yet. */
  readonly names: ReadonlySet<string>;
  /** By name, the values of each label of its samples. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;
  /** The sum of the samples of this name whose labels have these values; undefined when there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

export function parseExposition(...texts: readonly string[]): Exposition {
  const lines = texts.flatMap((text) => text.split('\n'));
  const names = new Set<string>();
  for (const line of lines) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== '') for (const suffix of SUFFIXES[type] ?? ['']) names.add(name + suffix);
  }
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseSample);
  const labels = new Map<string, Map<string, Set<string>>>();
  for (const sample of samples) {
    const known = labels.get(sample.name) ?? new Map<string, Set<string>>();
    for (const [label, value] of Object.entries(sample.labels)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
    labels.set(sample.name, known);
  }
  return {
    names,
    labels,
    sum(name, wanted = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name && Object.entries(wanted).every(([label, value]) => sample.labels[label] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function parseSample(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace('Inf', 'Infinity')) };
}
