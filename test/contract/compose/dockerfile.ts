/** The Dockerfile by its stages: what each starts from, copies, is run as and runs. */
import { DockerfileParser, type Copy, type Entrypoint, type Env, type From } from 'dockerfile-ast';

export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly copies: readonly { readonly from: string | undefined; readonly sources: readonly string[]; readonly to: string }[];
  readonly env: Readonly<Record<string, string>>;
  /** The last one counts; `root` where none is named. */
  readonly user: string;
  readonly entrypoint: readonly string[];
}

export function readDockerfile(text: string): readonly Stage[] {
  const stages: { -readonly [key in keyof Stage]: Stage[key] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const stage = stages.at(-1);
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') {
      const from = instruction as From;
      const name = from.getBuildStage() ?? String(stages.length);
      stages.push({ name, image: from.getImage() ?? '', copies: [], env: {}, user: 'root', entrypoint: [] });
    } else if (stage === undefined) continue;
    else if (keyword === 'COPY') stage.copies = [...stage.copies, copyOf(instruction as Copy)];
    else if (keyword === 'ENV') {
      const properties = (instruction as Env).getProperties();
      stage.env = { ...stage.env, ...Object.fromEntries(properties.map((property) => [property.getName(), property.getValue() ?? ''])) };
    } else if (keyword === 'USER') stage.user = instruction.getArguments()[0]?.getValue() ?? 'root';
    else if (keyword === 'ENTRYPOINT') stage.entrypoint = (instruction as Entrypoint).getJSONStrings().map((each) => each.getJSONValue());
  }
  return stages;
}

function copyOf(copy: Copy): Stage['copies'][number] {
  const words = copy.getArguments().map((argument) => argument.getValue());
  const from = copy.getFlags().find((flag) => flag.getName() === 'from');
  return { from: from?.getValue() ?? undefined, sources: words.slice(0, -1), to: words.at(-1) ?? '' };
}
