"""The programs' folders on the path, as a script has its own."""

import sys
from pathlib import Path

IMAGES = Path(__file__).parents[3] / "images"
sys.path[:0] = [str(IMAGES / "model_monitor"), str(IMAGES / "xgboost")]
