"""`make reset`: deletes the embedded database, the demo's sign-ins and the logs; the next `make run` starts anew."""

import shutil
import sys

from config.env import EnvironmentInvalidError, load_env
from config.postgres import EmbeddedPostgresError, reset
from scripts.run import RunError, only_one


def main() -> int:
    """Delete, unless the demo runs or the data is not ours: a database that DATABASE_URL names is never touched."""
    try:
        env = load_env()
        if env.database_url or env.is_production:
            print(
                "DATABASE_URL names a server of its own: nothing was deleted. Drop its database there.", file=sys.stderr
            )
            return 1
        env.data_dir.mkdir(parents=True, exist_ok=True)
        with only_one(env.data_dir):
            reset()
            (env.data_dir / "demo-sign-ins.json").unlink(missing_ok=True)
            shutil.rmtree(env.data_dir / "logs", ignore_errors=True)
    except (RunError, EnvironmentInvalidError, EmbeddedPostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    print("All data of this installation is deleted. make run starts anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
